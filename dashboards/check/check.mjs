// Turns each generated dashboard into a literal of Grafana's TypeScript types and lets the compiler judge it, then
// asks Grafana's own code whether it knows every unit and how it colours around each threshold. Starts no server,
// draws nothing. Packages are those of package-lock.json.
import { readFileSync, readdirSync, writeFileSync, mkdtempSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const require = createRequire(import.meta.url);
const ts = require("typescript");
// Grafana's code expects a browser's idea of its language.
globalThis.navigator ??= { language: "en", languages: ["en"] };
const { getValueFormats, getActiveThreshold } = require("@grafana/data");
const here = dirname(fileURLToPath(import.meta.url));
const complaints = [];
const complain = (where, what) => complaints.push(`${where}: ${what}`);

// Grafana leaves the options of a panel to its plugin, so each is held against the type of that plugin.
const PLUGINS = ["stat", "timeseries", "table", "bargauge"];
const boards = ["zh-CN", "en"].flatMap((language) => {
  const folder = join(here, "../grafana", language);
  return readdirSync(folder).sort().map((file) => ({ name: `${language}/${file}`, json: JSON.parse(readFileSync(join(folder, file))) }));
});
if (boards.length !== 18) complain("dashboards/grafana", `${boards.length} files, 9 in each of 2 languages are expected`);

const panelsOf = (board) => board.panels.flatMap((panel) => (panel.type === "row" ? panel.panels : [panel]));

function source({ json }) {
  // By path: the package exports only the types of dashboards, not those of each plugin.
  const raw = "../@grafana/schema/dist/types/raw";
  const lines = [`import type { Dashboard, FieldConfig } from "@grafana/schema";`];
  for (const plugin of PLUGINS) lines.push(`import type * as ${plugin} from "${raw}/composable/${plugin}/panelcfg/x/types.gen";`);
  // The schema leaves queries to their data source; these are the fields that the one for InfluxQL reads of an annotation.
  const { target } = json.annotations.list[0];
  const texts = ["query", "resultFormat", "textColumn", "titleColumn", "tagsColumn", "timeEndColumn"];
  lines.push(`interface Marks { refId: string; rawQuery: boolean; fromAnnotations: boolean; ${texts.map((t) => `${t}: string;`).join(" ")} }`);
  lines.push(`export const marks: Marks = ${JSON.stringify(target)};`);
  const annotations = { list: [{ ...json.annotations.list[0], target: { refId: target.refId } }] };
  lines.push(`export const board: Dashboard = ${JSON.stringify({ ...json, annotations }, null, 1)};`);
  for (const panel of panelsOf(json)) {
    if (!PLUGINS.includes(panel.type)) throw new Error(`no type is known for panels of \`${panel.type}\``);
    lines.push(`export const options${panel.id}: Partial<${panel.type}.Options> = ${JSON.stringify(panel.options)};`);
    const { custom, ...defaults } = panel.fieldConfig.defaults;
    lines.push(`export const defaults${panel.id}: FieldConfig = ${JSON.stringify(defaults)};`);
    if (custom && panel.type !== "stat" && panel.type !== "bargauge") lines.push(`export const custom${panel.id}: Partial<${panel.type}.FieldConfig> = ${JSON.stringify(custom)};`);
  }
  return lines.join("\n");
}

// JSON has texts where the types have string enums, which TypeScript keeps apart. So those enums are read as unions of
// their texts: else each of them would be a complaint, and a complaint hides others above it.
const ENUM = /export declare enum (\w+) \{\n((?:\s*\w+ = "[^"]*",?\n)+)\}/g;

function asUnion(_, name, members) {
  const all = [...members.matchAll(/(\w+) = ("[^"]*")/g)];
  const inside = all.map(([, member, text]) => `type ${member} = ${text};`).join(" ");
  return `export type ${name} = ${all.map(([, , text]) => text).join(" | ")};\nexport declare namespace ${name} { ${inside} }`;
}

function typeCheck(boards, folder) {
  const files = boards.map((board, i) => {
    const file = join(folder, `board${i}.ts`);
    writeFileSync(file, source(board));
    return file;
  });
  const options = {
    noEmit: true, strict: true, skipLibCheck: true, types: [], target: ts.ScriptTarget.ES2022,
    module: ts.ModuleKind.ESNext, moduleResolution: ts.ModuleResolutionKind.Bundler,
  };
  const host = ts.createCompilerHost(options);
  const read = host.getSourceFile.bind(host);
  host.getSourceFile = (file, ...rest) => {
    if (!file.includes("@grafana/schema")) return read(file, ...rest);
    const text = readFileSync(file, "utf8").replaceAll("'", '"').replace(ENUM, asUnion);
    return ts.createSourceFile(file, text, ...rest);
  };
  return ts.getPreEmitDiagnostics(ts.createProgram(files, options, host)).map((diagnostic) => {
    const text = ts.flattenDiagnosticMessageText(diagnostic.messageText, " ");
    const at = diagnostic.file?.getLineAndCharacterOfPosition(diagnostic.start);
    const line = diagnostic.file?.text.split("\n")[at.line].trim().slice(0, 160);
    return `${boards[files.indexOf(diagnostic.file?.fileName)]?.name ?? ""}: ${text} at \`${line}\``;
  });
}

const units = new Set(getValueFormats().flatMap((group) => group.submenu.map((unit) => unit.value)));

function unit(where, id) {
  if (id && !units.has(id)) complain(where, `\`${id}\` is no unit of Grafana`);
}

function thresholds(where, { steps }) {
  if (steps[0].value !== null) complain(where, "the first threshold has no lower end");
  const list = steps.map((step) => ({ ...step, value: step.value ?? -Infinity }));
  list.forEach((step, i) => {
    if (i && step.value <= list[i - 1].value) complain(where, "thresholds do not rise");
    const at = Number.isFinite(step.value) ? step.value : -1e9;
    if (getActiveThreshold(at, list).color !== step.color) complain(where, `${at} is not coloured ${step.color}`);
  });
}

const words = new Set();
for (const { name, json } of boards) {
  if (json.schemaVersion !== 42) complain(name, "schemaVersion is not 42");
  if (words.has(json.uid)) complain(name, `\`${json.uid}\` is taken`);
  words.add(json.uid);
  for (const panel of panelsOf(json)) {
    const where = `${name} \`${panel.title}\``;
    if (!panel.description) complain(where, "no description");
    if (!panel.fieldConfig.defaults.unit) complain(where, "no unit");
    unit(where, panel.fieldConfig.defaults.unit);
    thresholds(where, panel.fieldConfig.defaults.thresholds);
    for (const { properties } of panel.fieldConfig.overrides) {
      for (const { id, value } of properties) {
        if (id === "unit") unit(where, value);
        if (id === "thresholds") thresholds(where, value);
      }
    }
  }
}

const folder = mkdtempSync(join(here, "node_modules/.check-"));
try {
  typeCheck(boards, folder).forEach((text) => complaints.push(text));
  // A check that finds nothing in a broken board is worth nothing.
  const broken = structuredClone(boards[0]);
  broken.json.refesh = "1m";
  panelsOf(broken.json).find((panel) => panel.type === "stat").options.colorMode = "backgrond";
  const caught = typeCheck([broken], folder).join("\n");
  for (const word of ["refesh", "backgrond"]) if (!caught.includes(word)) complain("check.mjs", `a planted \`${word}\` was not seen`);
} finally {
  rmSync(folder, { recursive: true });
}
const before = complaints.length;
unit("planted", "conppm");
if (complaints.length === before) complain("check.mjs", "`conppm` passes as a unit");
else complaints.pop();

for (const text of complaints.slice(0, 40)) console.error(text);
console.log(`${boards.length} dashboards, ${boards.reduce((n, b) => n + panelsOf(b.json).length, 0)} panels, ${complaints.length} complaints`);
process.exit(complaints.length ? 1 : 0);

"""Reads a projector by a public client of PJLink and prints what it says in the words of the probe.

pjlink_clients.py CLIENT PORT PASSWORD, where CLIENT is `aiopjlink` or `pypjlink`; no password is "".
`refused` is printed where the password is refused, `order` orders a few things and says what came of them.
"""

import asyncio
import sys

ERRORS = ["fan", "lamp", "temperature", "cover", "filter", "other"]


def lamps(pairs):
    print("lamp_hours", max(hours for hours, _ in pairs))
    print("lamp_on", max(int(lit) for _, lit in pairs))


async def by_aiopjlink(port, password):
    import aiopjlink
    from aiopjlink import Errors, PJLink, PJLinkERR3, PJLinkPassword, PJLinkProjectorError

    try:
        async with PJLink("127.0.0.1", port=port, password=password or None) as link:
            state = await link.power.get()
            print("power_on", int(bool(state)))
            print("power_state", state.value)
            errors = await link.errors.query()
            for name in ERRORS:
                print(f"{name}_error", errors[Errors.Category(name)].value)
            lamps([(hours, lit.value) for hours, lit in await link.lamps.status()])
            try:
                video, audio = await link.mute.status()
                print("mute_video", int(video))
                print("mute_audio", int(audio))
            except PJLinkERR3:
                pass
            try:
                await link.sources.resolution()
                print("input_signal 1")
            except PJLinkProjectorError:
                print("input_signal 0")
            except PJLinkERR3:
                pass
            print("filter_hours", await link.filter.hours())
            maker = await link.info.manufacturer_name()
            product = await link.info.product_name()
            name = await link.info.projector_name()
            kind = (await link.info.pjlink_class()).value
            print(f'identity {maker} {product} "{name}" PJLink class {kind}')
            if state == link.power.ON:
                await link.mute.video(True)
                await link.sources.set("3", "2")
                mode, index = await link.sources.get()
                print("ordered", (await link.mute.status())[0], mode.value + index)
                names = await link.sources.available_with_names()
                print("inputs", len(names))
    except PJLinkPassword:
        print("refused")


def by_pypjlink(port, password):
    from pypjlink import Projector

    with Projector.from_address("127.0.0.1", port) as projector:
        if projector.authenticate(password or None) is False:
            print("refused")
            return
        state = {"off": 0, "on": 1, "cooling": 2, "warm-up": 3}[projector.get_power()]
        print("power_on", int(state in (1, 3)))
        print("power_state", state)
        levels = ["ok", "warning", "error"]
        errors = projector.get_errors()
        for name in ERRORS:
            print(f"{name}_error", levels.index(errors[name]))
        lamps(projector.get_lamps())
        if state == 1:
            video, audio = projector.get_mute()
            print("mute_video", int(video))
            print("mute_audio", int(audio))
        name = f'"{projector.get_name()}"'
        print("identity", projector.get_manufacturer(), projector.get_product_name(), name, "PJLink class 1")
        if state == 1:
            projector.set_power("off")
            print("ordered", projector.get_power())


client, port, password = sys.argv[1:]
if client == "aiopjlink":
    asyncio.run(by_aiopjlink(int(port), password))
else:
    by_pypjlink(int(port), password)

"""What is looked for in a camera's pictures: one module a check, pure on frames.

A check's class is made with the zones it looks at, as `Flame(areas, …)`: the whole picture is the zone `areas.WHOLE`,
whose id is "". What it needs besides (a model) it takes by keyword. `drivers.camera.watching` knows them all.
"""

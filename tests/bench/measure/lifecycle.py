# SPDX-License-Identifier: Apache-2.0
"""How long it takes to create a container, and to tell of its end, over what the runtime and the
kernel need for it. All contestants take part in every round, in an order that rotates."""

from measure.figures import Budget, Sample, Section
from measure.shims import Bare, shims

_START_LIMIT = 0.0015   # over a bare `create`
_SEALED_LIMIT = 0.001   # from the kill
_DELETE_LIMIT = 0.0015  # over a bare `delete`
_FIELDS = ("created", "died", "known", "after", "removed")


def measure(place, options):
    """Once with runc and once with a runtime that does nothing: there is less noise then, and what
    is left is the shim."""
    real = _measure_with(place, options, place.runtime)
    null = _measure_with(place, options, place.null_runtime)
    return [_creation(real, "runc", options), _ending(real, "runc", options),
            _creation(null, "null runtime", options), _ending(null, "null runtime", options)]


def _measure_with(place, options, runtime):
    """{contestant: {field: Sample}}"""
    contestants = [Bare(place, runtime), *shims(place, options.peer, runtime)]
    results = {kind.name: {name: Sample("ms") for name in _FIELDS} for kind in contestants}
    bundle = place.sleeping()
    for number in range(-1, options.rounds):
        turn = number % len(contestants)
        for kind in contestants[turn:] + contestants[:turn]:
            readings = _one_life(kind, bundle)
            if number >= 0:  # the first round warms the page cache
                for name, value in readings.items():
                    results[kind.name][name].add(value)
    return results


def _one_life(kind, bundle):
    container = kind.create(bundle)
    container.start()
    died, known = container.end()
    container.remove()
    return {"created": container.created, "died": died, "known": known, "after": known - died,
            "removed": getattr(container, "removed", 0)}


def _creation(results, runtime, options):
    bare, *others = results.items()
    section = Section(
        f"Creating a container, {runtime}: spawn → known to be created (ms, n = {options.rounds})",
        ["", "median (min … max)", "over bare `create`, by round"])
    section.rows.append(["bare `create`, to its exit", bare[1]["created"], ""])
    for name, times in others:
        over = times["created"] - bare[1]["created"]
        section.rows.append([name, times["created"], over])
        if name.startswith("chock"):
            section.budgets.append(Budget(f"{name}, {runtime}: spawn → `pid`, over bare `create`",
                                          over, _START_LIMIT))
    section.notes.append("Known means: `pid` was renamed into place (shims of the containerd 0.2 "
                         "contract), the pid came through the sync pipe (conmon).")
    return section


def _ending(results, runtime, options):
    bare, *others = results.items()
    section = Section(
        f"A container's end, {runtime}: SIGKILL → known to have ended (ms, n = {options.rounds})",
        ["", "kill → dead", "dead → known", "kill → known"])
    section.rows.append(["no shim", bare[1]["died"], "", ""])
    section.rows.append(["bare `delete`, whole", "", bare[1]["removed"], ""])
    for name, times in others:
        section.rows.append([name, times["died"], times["after"], times["known"]])
    section.budgets = _end_budgets(dict(others), bare[1]["removed"], runtime)
    section.notes.append(
        "Dead is when a pidfd of the container's first process becomes readable: by then the "
        "kernel has taken its namespaces down, which no shim has a part in. Known is the hang-up "
        "on `exit`, for conmon its exit file; an unsealed shim has run `delete` by then, the "
        "others have not.")
    return section


def _end_budgets(shims_times, removed, runtime):
    sealed, unsealed = shims_times["chock-shim, sealed"], shims_times["chock-shim"]
    return [
        Budget(f"sealed, {runtime}: kill → hang-up", sealed["known"], _SEALED_LIMIT),
        Budget(f"sealed, {runtime}: process dead → hang-up", sealed["after"], _SEALED_LIMIT),
        Budget(f"unsealed, {runtime}: kill → hang-up, over bare `delete`",
               unsealed["known"] - removed, _DELETE_LIMIT),
        Budget(f"unsealed, {runtime}: process dead → hang-up, over bare `delete`",
               unsealed["after"] - removed, _DELETE_LIMIT)]

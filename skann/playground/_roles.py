"""Which of a table's columns is an axis, the target, or a further input."""

ROLES = "axis1", "axis2", "target"


def with_roles(table, before, changes):
    """Changes of the settings, completed so that no column has two roles.

    A column that is given a role leaves the one that it had to the column whose place
    it takes. Another target brings its own kind of problem.

    Parameters
    ----------
    table : Table
    before : dict
        The settings.
    changes : dict
        Of some of them. What they say themselves stays as it is.
    """
    new = {name: before[name] for name in (*ROLES, "columns")}
    given = [changes[role] for role in ROLES if role in changes]
    if not given or not all(isinstance(name, str) for name in given):
        return changes
    for role in [role for role in ROLES if role in changes]:
        old, taken = new[role], changes[role]
        for other in ROLES:
            if other not in changes and new[other] == taken:
                new[other] = old
        new["columns"] = [old if name == taken else name for name in new["columns"]]
        new[role] = taken
    for axis in ("axis1", "axis2"):  # which a column of text can't be
        if axis not in changes and new[axis] not in table.numeric:
            taken = {new[role] for role in ROLES}
            free = [name for name in table.numeric if name not in taken]
            new[axis] = (free or [new[axis]])[0]
    taken = {new[role] for role in ROLES}
    new["columns"] = [c for c in new["columns"] if c in table.inputs and c not in taken]
    if changes.get("target") in table.columns and "problem" not in changes:
        new["problem"] = table.problem_of(changes["target"])
    return {**new, **changes}

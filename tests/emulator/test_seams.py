from __future__ import annotations

import pytest

from emulator.seams import Seam, check, seams


@pytest.mark.parametrize("seam", seams(), ids=lambda seam: f"{seam.owner.__name__}.{seam.name}")
def test_bqemulator_still_has_the_seam(seam: Seam) -> None:
    check(seam)


def test_a_seam_that_moved_is_named() -> None:
    class Owner:
        def moved(self, other: int) -> None: ...

    with pytest.raises(RuntimeError, match=r"bqemulator moved Owner.moved: it takes .*'other'"):
        check(Seam(Owner, "moved", "self sql", None))

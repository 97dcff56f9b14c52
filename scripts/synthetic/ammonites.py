"""Genera of ammonites: flat coils with ribs, keels and suture lines."""

from .coil import Coil
from .genus import Genus
from .ornament import Ornament

AMMONITES: tuple[Genus, ...] = (
    Genus(
        name="Fictoceras",
        gender="n",
        family="Fictoceratidae",
        category="Ammonite",
        shapes=(
            Coil(1.55, 0.42, 0, 0.85, ribs=30, rib_height=0.05, rib_lean=-0.02, rib_fork=0.2),
            Coil(2.0, 0.60, 0, 1.2, ribs=60, rib_height=0.09, rib_lean=0.08, rib_fork=1),
        ),
        ornaments=(
            Ornament((0.16, 0.085, 0.045), mottle=0.16, roughness=1, gloss=0.3),
            Ornament((0.36, 0.31, 0.25), mottle=0.24, roughness=2, gloss=0.15),
        ),
        flips=0.25,
    ),
    Genus(
        name="Archivoceras",
        gender="n",
        family="Fictoceratidae",
        category="Ammonite",
        shapes=(
            Coil(1.7, 0.27, 0, 0.9, ribs=14, rib_height=0.07, rib_lean=0, rib_fork=0, nodes=0),
            Coil(2.4, 0.5, 0, 1.3, ribs=34, rib_height=0.13, rib_lean=0.1, rib_fork=1, nodes=0.14),
        ),
        ornaments=(
            Ornament((0.09, 0.08, 0.075), mottle=0.16, roughness=1, gloss=0.4),
            Ornament((0.36, 0.21, 0.10), mottle=0.24, roughness=2, gloss=0.2),
        ),
        flips=0.25,
    ),
    Genus(
        name="Scriniceras",
        gender="n",
        family="Scriniceratidae",
        category="Ammonite",
        shapes=(
            Coil(2.2, 0.03, 0, 0.45, keel=0, ribs=12, rib_height=0, rib_lean=0.1),
            Coil(3.3, 0.2, 0, 0.9, keel=0.14, ribs=32, rib_height=0.05, rib_lean=0.24),
        ),
        ornaments=(
            Ornament(
                (0.36, 0.20, 0.09),
                mottle=0.12,
                growth_lines=50,
                growth_height=0.5,
                septa=9,
                gloss=0.6,
            ),
            Ornament(
                (0.46, 0.40, 0.32),
                mottle=0.22,
                growth_lines=90,
                growth_height=1.2,
                septa=20,
                septa_depth=2,
                gloss=0.9,
            ),
        ),
        flips=0.25,
    ),
    Genus(
        name="Museoceras",
        gender="n",
        family="Scriniceratidae",
        category="Ammonite",
        shapes=(
            Coil(1.9, 0.08, 0, 0.65, ribs=9),
            Coil(2.8, 0.32, 0, 1.3, keel=0.04, ribs=20, rib_height=0.03),
        ),
        ornaments=(
            Ornament(
                (0.30, 0.17, 0.045),
                mottle=0.16,
                roughness=0.8,
                septa=9,
                septa_depth=1,
                gloss=0.8,
            ),
            Ornament(
                (0.36, 0.34, 0.30),
                mottle=0.26,
                roughness=1.6,
                septa=22,
                septa_depth=4,
                gloss=0.3,
            ),
        ),
        flips=0.25,
    ),
)

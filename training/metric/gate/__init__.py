"""The gate: a checkpoint is offered only where it beats its start on pictures that it never saw."""

from .candidates import Candidate as Candidate
from .candidates import Measured as Measured
from .candidates import best_of as best_of
from .candidates import candidates_of as candidates_of
from .candidates import settled as settled
from .held import Held as Held
from .held import hold_back as hold_back
from .verdict import Verdict as Verdict
from .verdict import judge as judge

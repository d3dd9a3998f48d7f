"""What can go wrong, as one tree.

OvertureError                  exit 1  something failed; the message says what
├── InputError                 exit 2  what was given is wrong; nothing was written
│   ├── UsageError                     a command, option or parameter
│   ├── SettingsError                  an environment variable or a configuration file
│   ├── HomeError                      OVERTURE_HOME cannot be written, or its disk is full
│   ├── MissingFileError               a landing file that should be there is not
│   ├── SchemaError                    a file's columns are not those the source promises
│   ├── DayRangeError                  a day that is none, or lies outside the source's range
│   └── ModelError                     a language model folder that is unknown or half-written
├── GateError                  exit 1  a gate refused; nothing of the day is published
├── TransformError             exit 1  a dbt model or test failed
├── CopyEngineError            exit 1  the copy engine failed as a whole
│   └── EngineMemoryError              memory ran out in a batch; a smaller one may fit
├── ArtifactError              exit 1  a stored artifact is damaged or missing
├── StrategyError              exit 1  a recommendation strategy failed, or gave lists that cannot be
├── OrchestrationError         exit 1  Airflow did not start, answer, or carry a run through
├── SupersededError            exit 1  a newer run of the same day exists; this one must not publish
└── WarehouseError             exit 1  the lake or its catalog
    ├── LockTimeoutError               another process held the write lock for too long
    └── ConflictError                  concurrent writers kept colliding
"""


class OvertureError(Exception):
    """A failure with one line that says what, where, what was expected and what was got.

    `exit_code` is what the command line ends with. Control characters are shown escaped, so that the
    message stays one line whatever text it quotes.
    """

    exit_code = 1

    def __init__(self, what: str, *, where: object = None, expected: object = None, got: object = None) -> None:
        self.what, self.where, self.expected, self.got = what, where, expected, got
        parts = [what]
        parts += [
            f"{name}: {value}"
            for name, value in (("where", where), ("expected", expected), ("got", got))
            if value is not None
        ]
        line = "; ".join(parts)
        super().__init__("".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line))


class InputError(OvertureError):
    """What was given is wrong; nothing was written."""

    exit_code = 2


class UsageError(InputError):
    """A command, option or parameter is wrong."""


class SettingsError(InputError):
    """An environment variable or a configuration file is wrong."""


class HomeError(InputError):
    """OVERTURE_HOME cannot be written, or its disk is full."""


class MissingFileError(InputError):
    """A landing file that should be there is not."""


class SchemaError(InputError):
    """A file's columns are not those that the source promises."""


class DayRangeError(InputError):
    """A day that is none, or that lies outside the source's range."""


class ModelError(InputError):
    """A language model folder is unknown or half-written."""


class GateError(OvertureError):
    """A gate refused; nothing of the day is published."""


class TransformError(OvertureError):
    """A dbt model or test failed."""


class CopyEngineError(OvertureError):
    """The copy engine failed as a whole."""


class EngineMemoryError(CopyEngineError):
    """Memory ran out in a batch; a smaller one may fit."""


class ArtifactError(OvertureError):
    """A stored artifact is damaged or missing."""


class StrategyError(OvertureError):
    """A recommendation strategy failed, or gave lists that cannot be."""


class OrchestrationError(OvertureError):
    """Airflow did not start, answer, or carry a run through."""


class SupersededError(OvertureError):
    """A newer run of the same day exists; this one must not publish."""


class WarehouseError(OvertureError):
    """The lake or its catalog failed."""


class LockTimeoutError(WarehouseError):
    """Another process held the write lock for too long."""


class ConflictError(WarehouseError):
    """Concurrent writers kept colliding, beyond the bounded retries."""

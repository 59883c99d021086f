"""What can go wrong with a knowledge base.

KnowledgeError
├── SourcesError    the folder of sources is missing, or nothing in it can be indexed
├── IntakeError     a received file cannot be stored, or what it replaced cannot be put back
├── EmbeddingModelError    the configured sentence model or reranker cannot be used
└── ReleaseError    a release is missing or damaged
    └── BuildRunningError    another build holds the lock
"""


class KnowledgeError(Exception):
    """Root of everything that this package raises on purpose."""


class SourcesError(KnowledgeError):
    """The sources' folder is missing or holds no readable article."""


class IntakeError(KnowledgeError):
    """A received file cannot be stored, or what it replaced cannot be put back."""


class EmbeddingModelError(KnowledgeError):
    """The configured sentence model or reranker, or what it needs, is not there."""


class ReleaseError(KnowledgeError):
    """A release is missing, damaged or did not pass the sanity gate."""


class BuildRunningError(ReleaseError):
    """Another process builds or switches releases at this moment."""

"""How the account is read: pages, paces, indices, and what AWS answers made canonical.

Behind ``providers.aws.{facts,observe,execute,reader}``, which are the doors.
"""

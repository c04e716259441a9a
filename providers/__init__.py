"""The clouds. Each is a package behind ``provisioner.ports.Provider``, found by entry point."""

"""``python -m provisioner.cli`` is ``provisioner``, where the script is not on the path."""

from provisioner.cli.main import main

main()

"""`digitscan models`: the installed model packages, their hashes and figures."""

import typer

from digitscan.errors import ModelError


def list_models() -> None:
    """List the installed models with hash and measured figures; the hashes are checked."""
    from digitscan.recognition.models import find_packages, load_package

    folders = find_packages()
    if not folders:
        raise ModelError("no model is installed; install digitscan again from its wheel")
    for folder in folders:
        package = load_package(folder)
        typer.echo(f"{package.name} {package.version}  {len(package.onnx) / 1e6:.2f} MB")
        typer.echo(f"  sha256  {package.sha256}")
        typer.echo(f"  path    {package.path}")
        for result in package.metadata.get("results", ()):
            typer.echo(
                f"  {result['metric']}  {result['value']}  on {result['set']}, {result['date']}"
            )

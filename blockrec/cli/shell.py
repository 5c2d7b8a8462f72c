"""`blockrec completion`."""

from __future__ import annotations

import os
from enum import Enum
from pathlib import Path
from typing import Annotated

import typer

EPILOG = """\b
Examples:
  blockrec completion bash >> ~/.bashrc
  blockrec completion zsh >> ~/.zshrc          after the line with compinit
  blockrec completion fish > ~/.config/fish/completions/blockrec.fish"""

SCRIPTS = {
    "bash": r"""
_blockrec_completion() {
    local IFS=$'\n'
    COMPREPLY=( $( env COMP_WORDS="${COMP_WORDS[*]}" COMP_CWORD=$COMP_CWORD \
                   _BLOCKREC_COMPLETE=complete_bash "$1" 2>/dev/null ) )
    [[ ${#COMPREPLY[@]} -eq 1 && ${COMPREPLY[0]} == *[.=/] ]] && compopt -o nospace
    return 0
}
complete -o default -F _blockrec_completion blockrec
""",
    "zsh": r"""
#compdef blockrec
_blockrec_completion() {
    local line value
    local -a lines whole open
    lines=("${(@f)$(env _TYPER_COMPLETE_ARGS="${words[1,$CURRENT]}" _TYPER_COMPLETE_FISH_ACTION=get-args \
                    _BLOCKREC_COMPLETE=complete_fish blockrec 2>/dev/null)}")
    for line in ${lines:#}; do
        value=${line%%$'\t'*}
        if [[ $value == *[.=/] ]]; then
            open+=("$value")
        else
            whole+=("${value//:/\\:}${${line#"$value"}/$'\t'/:}")
        fi
    done
    (( $#open + $#whole )) || { _files; return; }
    (( $#open )) && compadd -S '' -- $open
    (( $#whole )) && _describe blockrec whole
}
compdef _blockrec_completion blockrec
""",
    "fish": r"""
function __blockrec_complete
    env _BLOCKREC_COMPLETE=complete_fish _TYPER_COMPLETE_FISH_ACTION=$argv[1] \
        _TYPER_COMPLETE_ARGS=(commandline -cp) blockrec 2>/dev/null
end
complete --command blockrec --no-files --arguments "(__blockrec_complete get-args)" \
    --condition "__blockrec_complete is-args"
""",
}
"""Over typer's protocol. In bash and zsh a word that ends with `.`, `=` or `/` goes on without a blank."""


class Shell(str, Enum):
    """Shells that can complete."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(
    context: typer.Context,
    shell: Annotated[Shell | None, typer.Argument(metavar="bash|zsh|fish", help="Default: that of $SHELL.")] = None,
) -> None:
    """Print the script by which a shell completes commands.

    Options, files, packaged models and cards, variants, nodes, and paths for --set.
    """
    context.obj.result(SCRIPTS[(shell or _own()).value].strip())


def _own() -> Shell:
    name = Path(os.environ.get("SHELL", "")).name
    return Shell(name) if name in [shell.value for shell in Shell] else Shell.BASH

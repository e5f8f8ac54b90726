# offers.bash SCRIPT WORD...: what bash offers where the last word is completed, one a line.
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_halligan
printf '%s\n' "${COMPREPLY[@]}"

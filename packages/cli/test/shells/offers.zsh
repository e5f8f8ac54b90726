# offers.zsh SCRIPT WORD...: what zsh offers where the last word is completed, one a line.
# The real _describe needs a line editor. It shows those of its candidates that begin with PREFIX.
_describe() {
  local list=${@[-1]} one
  for one in ${(P)list}; do [[ $one == $PREFIX* ]] && print -r -- ${one%%:*}; done
}
_files() { :; }
compdef() { :; }
script=$1
shift
words=("$@")
CURRENT=$#
PREFIX=$words[-1]
source $script
_halligan
exit 0

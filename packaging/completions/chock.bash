# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# Completion of chock(1) for bash. Verbs and options are asked of `chock --help`, so that they are those
# of the chock that is installed; what follows an option is told by its label there (DIR, FILE, ID...).
# Whatever fails says nothing: there is just nothing to choose from.

# _chock_help [VERB]: one "NAMES LABEL" line for each option.
_chock_help() {
  # shellcheck disable=SC2086 # a verb may be two words
  chock $1 --help 2> /dev/null \
    | sed -nE 's/^  (-[^ ]+)( ([^ =]+)[^ ]*)?( .*)?$/\1 \3/p'
}

_chock_verbs() {
  chock --help 2> /dev/null | sed -nE '/^Verbs:/,/^$/s/^  ([a-z]+(-[a-z]+)*( [a-z]+)?)  .*/\1/p'
}

# _chock_label OPTIONS OPTION: the label of its value; empty if it takes none.
_chock_label() {
  local names label
  while read -r names label; do
    [[ ,$names, == *,$2,* ]] && printf '%s' "$label" && return
  done <<< "$1"
}

# Of the running containers and processes, in the state directory that the command line names.
_chock_ids() {
  chock "${_chock_where[@]}" list -q 2> /dev/null
}

_chock_processes() {
  [[ -n $1 ]] && chock "${_chock_where[@]}" --json state "$1" 2> /dev/null | tr '{' '\n' \
    | sed -nE '/"status":"running"/s/.*"process":"([^"]*)".*/\1/p'
}

# _chock_values LABEL ID: what may stand for a label.
_chock_values() {
  case $1 in
    DIR) compopt -o filenames; compgen -d -- "$cur" ;;
    FILE | PATH) compopt -o filenames; compgen -f -- "$cur" ;;
    PROGRAM) compgen -c -- "$cur" | sort -u ;;
    ID) compgen -W "$(_chock_ids)" -- "$cur" ;;
    E) compgen -W "$(_chock_processes "$2")" -- "$cur" ;;
    SIGNAL) compgen -W "$(kill -l | grep -oE 'SIG[A-Z0-9]+' | sed s/SIG//)" -- "$cur" ;;
    FORMAT) compgen -W "text json" -- "$cur" ;;
    LEVEL) compgen -W "debug info warning error" -- "$cur" ;;
  esac
}

# What the shell will make of ~/s or $HOME/s, and of no other word: nothing that is typed is evaluated.
# (A ~ after the = of an option means nothing to it either.)
# shellcheck disable=SC2016,SC2088
_chock_expand() {
  local home
  for home in '~' '$HOME' '${HOME}' '--state-dir=$HOME' '--state-dir=${HOME}'; do
    if [[ $1 == "$home" || $1 == "$home"/* ]]; then
      printf '%s' "${home%%[~$]*}$HOME${1#"$home"}"
      return
    fi
  done
  printf '%s' "$1"
}

# The words before the cursor: _chock_verb, its options, and the words that are no options.
_chock_read_line() {
  local -a verbs
  local i word
  mapfile -t verbs < <(_chock_verbs)
  options=$(_chock_help)
  for ((i = 1; i < ${#words[@]}; i++)); do
    word=${words[i]}
    if [[ $word == --state-dir=* ]]; then
      _chock_where=("$(_chock_expand "$word")")
    elif [[ $word == -* && $word != *=* && -n $(_chock_label "$options" "$word") ]]; then
      ((++i))
      [[ $word == --state-dir && -n ${words[i]} ]] \
        && _chock_where=(--state-dir "$(_chock_expand "${words[i]}")")
      ((i == ${#words[@]})) && pending=$word
    elif [[ $word != -* && -z $verb ]]; then
      [[ " ${verbs[*]/#/^}" == *" ^$word ${words[i + 1]}"* && -n ${words[i + 1]} ]] \
        && ((++i)) && word+=" ${words[i]}"
      verb=$word
      options=$(_chock_help "$verb")
    elif [[ $word != -* ]]; then
      plain+=("$word")
    fi
  done
}

# Which positional word comes next: a label of "Usage: chock VERB [OPTIONS] ID [SIGNAL]".
_chock_next_label() {
  local usage label
  local -a labels
  usage=$(chock ${verb:+$verb} --help 2> /dev/null | sed -nE 's/^Usage: .*\[OPTIONS\] ?//p')
  read -ra labels <<< "$usage"
  label=${labels[${#plain[@]}]}
  # The id of a container that is about to be made is for the user to choose.
  [[ $label == ID && $verb =~ ^(run|start|restore)$ ]] || printf '%s' "${label//[\[\]]/}"
}

_chock() {
  local cur=${COMP_WORDS[COMP_CWORD]} options='' verb='' pending='' names
  local -a words=() plain=() _chock_where=()
  # "--option=value" is three words to readline.
  for names in "${COMP_WORDS[@]:0:COMP_CWORD}"; do
    if ((${#words[@]})) && [[ $names == = || ${words[-1]} == -*= ]]; then
      words[-1]+=$names
    else
      words+=("$names")
    fi
  done
  if [[ $cur == = ]]; then
    words[-1]+='='
    cur=''
  fi
  if [[ ${words[-1]} == -*= ]]; then
    pending=${words[-1]%=}
    unset 'words[-1]'
  fi
  local equals=$pending
  _chock_read_line
  pending=${pending:-$equals}
  if [[ -n $pending ]]; then
    mapfile -t COMPREPLY < <(_chock_values "$(_chock_label "$options" "$pending")" "${plain[0]}")
  elif [[ $verb == exec && ${#plain[@]} -gt 1 ]]; then
    COMPREPLY=()  # a command line of the container's
  elif [[ $cur == -* ]]; then
    names=$(sed -E 's/ .*//; s/,/\n/g' <<< "$options")
    mapfile -t COMPREPLY < <(compgen -W "$names" -- "$cur")
  elif [[ -z $verb ]]; then
    mapfile -t COMPREPLY < <(compgen -W "$(_chock_verbs | cut -d ' ' -f 1 | sort -u)" -- "$cur")
  elif _chock_verbs | grep -q "^$verb "; then
    names=$(_chock_verbs | sed -n "s/^$verb //p")
    mapfile -t COMPREPLY < <(compgen -W "$names" -- "$cur")
  else
    mapfile -t COMPREPLY < <(_chock_values "$(_chock_next_label)" "${plain[0]}")
  fi
}

complete -F _chock chock

# SPDX-License-Identifier: Apache-2.0
# Completion of chock(1) for fish. Verbs and options are asked of `chock --help`; see chock.bash.

function __chock_options --argument-names verb --description 'one "NAMES<tab>LABEL<tab>TEXT" line an option'
    command chock (string split -n ' ' -- $verb) --help 2>/dev/null \
        | string replace -rf '^  (-\S+)(?: ([^\s=]+)\S*(?: \.\.\.)?)?(?:\s{2,}(.*))?$' '$1\t$2\t$3'
end

function __chock_verbs --description 'one "VERB<tab>SUMMARY" line a verb'
    command chock --help 2>/dev/null | sed -n '/^Verbs:/,/^$/p' \
        | string replace -rf '^  ([a-z-]+(?: [a-z]+)?) {2,}(.*)$' '$1\t$2'
end

# What the shell will make of ~/s or $HOME/s, and of no other word: nothing that is typed is evaluated.
function __chock_expand --argument-names word
    for home in '~' '$HOME' '{$HOME}' '--state-dir=$HOME' '--state-dir={$HOME}'
        if test "$word" = "$home"; or string match -q -- "$home/*" $word
            set -l option (string replace -r -- '[~{$].*' '' $home)
            set -l rest (string sub -s (math (string length -- $home) + 1) -- $word)
            printf '%s\n' "$option$HOME$rest"
            return
        end
    end
    printf '%s\n' $word
end

# Reads the words before the cursor into __chock_verb, __chock_plain, __chock_where, __chock_pending
# (the label of the value that is expected now) and __chock_optlist.
function __chock_read_line
    set -g __chock_verb
    set -g __chock_plain
    set -g __chock_where
    set -g __chock_pending
    set -g __chock_optlist (__chock_options)
    set -l before
    for word in (commandline -opc)[2..]
        if test -n "$__chock_pending"
            test "$before" = --state-dir; and set __chock_where --state-dir (__chock_expand $word)
            set __chock_pending
        else if string match -q -- '--state-dir=*' $word
            set __chock_where (__chock_expand $word)
        else if string match -q -- '-*' $word
            string match -q -- '*=*' $word; or set __chock_pending (__chock_label $word)
        else if test -z "$__chock_verb"
            set __chock_verb $word
            set __chock_optlist (__chock_options $word)
        else if __chock_verbs | string match -q -- "$__chock_verb $word"\t'*'
            set __chock_verb "$__chock_verb $word"
            set __chock_optlist (__chock_options $__chock_verb)
        else
            set -a __chock_plain $word
        end
        set before $word
    end
end

function __chock_label --argument-names option
    for line in $__chock_optlist
        set -l fields (string split \t -- $line)
        if contains -- $option (string split , -- $fields[1])
            echo $fields[2]
            return
        end
    end
end

function __chock_values --argument-names label
    switch $label
        case DIR
            __fish_complete_directories (commandline -ct | string replace -r '^--[^=]*=' '')
        case FILE PATH
            __fish_complete_path (commandline -ct | string replace -r '^--[^=]*=' '')
        case PROGRAM
            __fish_complete_command
        case ID
            command chock $__chock_where list -q 2>/dev/null
        case E
            test -n "$__chock_plain[1]"
            and command chock $__chock_where --json state $__chock_plain[1] 2>/dev/null \
                | string split '{' | string match '*"status":"running"*' \
                | string replace -rf '.*"process":"([^"]*)".*' '$1'
        case SIGNAL
            kill -l | string split -n ' '
        case FORMAT
            printf '%s\n' text json
        case LEVEL
            printf '%s\n' debug info warning error
    end
end

function __chock_next_label
    set -l usage (command chock (string split -n ' ' -- $__chock_verb) --help 2>/dev/null \
        | string replace -rf '^Usage: .*\[OPTIONS\] ?' '' | string split -n ' ')
    set -l label $usage[(math (count $__chock_plain) + 1)]
    # The id of a container that is about to be made is for the user to choose.
    if test "$label" = ID; and contains -- "$__chock_verb" run start restore
        return
    end
    string replace -ra '[\[\]]' '' -- $label
end

function __chock_complete
    command -q chock; or return
    __chock_read_line
    set -l cur (commandline -ct)
    if test -n "$__chock_pending"
        __chock_values $__chock_pending
    else if test "$__chock_verb" = exec; and test (count $__chock_plain) -gt 1
        return # a command line of the container's
    else if string match -q -- '--*=*' $cur
        set -l option (string replace -r '=.*' '' -- $cur)
        __chock_values (__chock_label $option) | string replace -r -- '^' "$option="
    else if string match -q -- '-*' $cur
        for line in $__chock_optlist
            set -l fields (string split \t -- $line)
            for name in (string split , -- $fields[1])
                printf '%s\t%s\n' $name $fields[3]
            end
        end
    else if test -z "$__chock_verb"
        __chock_verbs | string replace -r '^(\S+) \S+\t.*' '$1'
    else if __chock_verbs | string match -q -- "$__chock_verb *"
        __chock_verbs | string match -- "$__chock_verb *" | string replace -- "$__chock_verb " ''
    else
        __chock_values (__chock_next_label)
    end
end

complete -c chock -f -a '(__chock_complete)'

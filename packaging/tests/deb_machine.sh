# SPDX-License-Identifier: Apache-2.0
# shellcheck shell=bash
# A Debian 12 of its own to install packages in, for test-deb: make_machine KIND, then boot_machine or
# enter_chroot, `inside COMMAND...`, and leave_machine. The root directory is $machine, below $work.
# What is in single quotes is for another shell.
# shellcheck disable=SC2016
: "${work:?is the directory for all that is temporary}"
machine=
machine_entry=()
machine_pid=
machine_end=

# The systems are made once; apt is all there is in them, and systemd in one.
make_machine() {
  local base=build/test-deb/$1.tar
  if [[ ! -e $base ]]; then
    mkdir -p build/test-deb
    local packages=procps
    [[ $1 != systemd ]] || packages=systemd-sysv,dbus
    mmdebstrap --quiet --variant=apt --format=tar --include="$packages" bookworm "$base.new"
    mv "$base.new" "$base"
  fi
  machine=$work/$1
  mkdir "$machine"
  tar -x -C "$machine" -f "$base"
  cp -r "$work/repository" "$machine/repository"
}

# init_below PID NAME: the process below PID that is number 1 in its pid namespace, once it is NAME.
init_below() {
  local child children
  for _ in $(seq 300); do
    read -ra children < "/proc/$1/task/$1/children" || true
    for child in "${children[@]}"; do
      if grep -qE '^NSpid:.*\s1$' "/proc/$child/status" 2> /dev/null \
        && [[ $(cat "/proc/$child/comm") == "$2" ]]; then
        echo "$child"
        return
      fi
    done
    sleep 0.1
  done
  echo "deb_machine: no $2 has started" >&2
  return 1
}

boot_machine() {
  # In a mount namespace of its own with an empty /run, so that neither what we mount nor what nspawn
  # keeps there is seen outside. Control groups stay ours to make, as on a machine.
  unshare --mount --propagation private sh -c '
    mount -t tmpfs tmpfs /run
    exec systemd-nspawn --quiet --directory="$1" --boot --register=no --keep-unit --console=pipe \
      --capability=all --system-call-filter=@known --kill-signal=SIGRTMIN+3
  ' - "$machine" < /dev/null > "$work/boot.log" 2>&1 &
  machine_pid=$!
  machine_end=TERM
  local init
  init=$(init_below "$machine_pid" systemd)
  machine_entry=(nsenter --target "$init" --all --)
  # A system that is degraded has booted as well, but says so with its exit status.
  inside timeout 60 sh -c 'until [ -S /run/dbus/system_bus_socket ]; do sleep 0.1; done
    systemctl is-system-running --wait' > /dev/null || true
  # nspawn leaves the controllers of control groups v1 to us, but mounted read-only.
  inside sh -c 'while read -r _ point type options _; do
      [ "$type" != cgroup ] || mount -o remount,bind,rw "$point"
    done < /proc/mounts'
}

enter_chroot() {
  # With a pid namespace, so that all of it can be ended, and mounts that nobody else sees. Its root is
  # a mount of its own, or runc could not make that private.
  unshare --mount --propagation private --pid --fork --kill-child --mount-proc="$machine/proc" sh -c '
    mount --rbind /sys "$1/sys" && mount --rbind /dev "$1/dev" && mount -t tmpfs tmpfs "$1/run" \
      && mount --rbind "$1" "$1" && exec chroot "$1" sleep infinity
  ' - "$machine" &
  machine_pid=$!
  machine_end=KILL  # which it passes on, and which ends the namespace
  local init
  init=$(init_below "$machine_pid" sleep)
  cp /etc/resolv.conf "$machine/etc/resolv.conf"
  machine_entry=(nsenter --target "$init" --mount --pid --root --wdns=/ --)
}

inside() {
  "${machine_entry[@]}" env PATH=/usr/sbin:/usr/bin:/sbin:/bin "$@"
}

leave_machine() {
  if [[ -n $machine_pid ]]; then
    kill -"$machine_end" "$machine_pid" 2> /dev/null || true
    timeout 30 tail --pid="$machine_pid" -f /dev/null || kill -KILL "$machine_pid"
    wait "$machine_pid" 2> /dev/null || true
    machine_pid=
  fi
  if [[ -n $machine ]]; then
    # In case something is still mounted, which must not be deleted.
    rm -rf --one-file-system "$machine"
    machine=
  fi
}

# Process 1 of the machine. Finishes the set-up, runs the one command, reports its exit code, and switches the machine off.
#
# It runs in a busybox with all its programs built in, which needs no file any more: the command may remove all of them.
. /run/vm/settings # sets the variables used here; exports the environment; the command as "$@"

mkdir -p /dev/pts /dev/shm /dev/mqueue
mount -t devpts -o mode=620,ptmxmode=666 devpts /dev/pts
mount -t tmpfs -o mode=1777 tmpfs /dev/shm
mount -t mqueue mqueue /dev/mqueue
mount -t cgroup2 -o nsdelegate,memory_recursiveprot cgroup2 /sys/fs/cgroup
mount -t bpf bpf /sys/fs/bpf
# What udev would do.
for link in fd:fd stdin:fd/0 stdout:fd/1 stderr:fd/2; do ln -sf "/proc/self/${link#*:}" "/dev/${link%:*}"; done
chmod 666 /dev/fuse /dev/net/tun /dev/ptmx 2>/dev/null

# The kernel loads the modules that somebody asks for, with this program.
ln -sf busybox /run/vm/modprobe
echo /run/vm/modprobe > /proc/sys/kernel/modprobe
for module in $preloaded; do /run/vm/modprobe -q "$module"; done

if [ "$shared" ]; then mkdir "$shared"; mount -t 9p -o trans=virtio,version=9p2000.L shared "$shared"; fi
mkswap /dev/vdb > /dev/null && swapon /dev/vdb
ip link set lo up
hostname guest
ulimit -Hn 524288
# The way out, by any of these names.
mkdir -p /usr/local/sbin
for name in poweroff halt reboot shutdown; do
  printf '#!/bin/sh\necho o > /proc/sysrq-trigger\nsleep 60\n' > /usr/local/sbin/$name
  chmod 755 /usr/local/sbin/$name
done

# The ways in and out of the machine, by name. A port is named in /sys only.
port() {
  for entry in /sys/class/virtio-ports/*; do
    if [ "$(cat "$entry/name")" = "$1" ]; then echo "/dev/${entry##*/}"; fi
  done
}
exec 8> /proc/sysrq-trigger 9<> "$(port control)"
echo ready >&9
cd /

# Nothing that the command leaves running may keep its output open. What runs in this busybox is ours.
kill_others() {
  for process in /proc/[0-9]*; do
    case "$(readlink "$process/exe")" in /run/vm/busybox | '') ;; *) kill -9 "${process#/proc/}" 2>/dev/null ;; esac
  done
}

# /bin/sh by its path, since busybox would take its own programs before those of PATH.
if [ "$interactive" ]; then
  # Whoever sits outside sends the size of the window, now and then.
  while read -r rows columns; do /bin/stty -F /dev/hvc0 rows "$rows" cols "$columns"; done <&9 2>/dev/null &
  setsid -c /bin/sh -c 'cd "$0"; exec "$@"' "$directory" "$@" </dev/hvc0 >/dev/hvc0 2>&1
  code=$?
else
  set -o pipefail
  {
    {
      setsid /bin/sh -c 'cd "$0" && exec "$@"' "$directory" "$@" </dev/null 2>&1 >&4 4>&-
      code=$?
      kill_others
      exit $code
    } | cat > "$(port err)"
  } 4>&1 | cat > "$(port out)"
  code=$?
fi
echo "exit $code" >&9
echo o >&8
sleep 60

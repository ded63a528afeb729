#!/bin/busybox sh
# The first program of the machine, in the initial RAM disk: puts the root file system together, and moves there.
#
# The root is an overlay. Below lie the files of the machine outside, read-only; above, a disk that is thrown away. The
# disk is also what /tmp and /var/lib/pocker are, because an overlay cannot be the upper part of another one.
#
# A step that fails ends this program, and with it the machine; the console has the reason.
set -eu

/bin/busybox mount -t proc proc /proc # from here on, busybox finds its other programs in itself, by /proc/self/exe
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
while read -r module; do insmod "/modules/$module"; done < /vm/modules

mount -t 9p -o ro,trans=virtio,version=9p2000.L,cache=loose,msize=524288 files /lower
mount -t ext4 -o noatime /dev/vda /scratch
mkdir /scratch/upper /scratch/work /scratch/tmp /scratch/pocker
mount -t overlay -o lowerdir=/lower,upperdir=/scratch/upper,workdir=/scratch/work root /root

. /vm/settings
# A folder that will be hidden, such as a clone of the repository in /tmp.
if [ "$hidden" ]; then mount --bind "/root$hidden" /keep; fi
chmod 1777 /scratch/tmp
mkdir -p /root/var/lib/pocker "/root/lib/modules/$version"
mount --bind /scratch/tmp /root/tmp
mount --bind /scratch/pocker /root/var/lib/pocker
mount -t tmpfs -o mode=755 tmpfs /root/run
if [ -d "/lower$compiled" ]; then cp -a "/lower$compiled" /root/tmp/; fi
if [ "$hidden" ]; then mkdir -p "/root$hidden"; mount --move /keep "/root$hidden"; fi
mount --bind "/lower$modules" "/root/lib/modules/$version"

cp -a /vm /root/run/vm
for tree in dev sys proc; do mount --move /$tree /root/$tree; done
exec /bin/busybox switch_root /root /run/vm/busybox sh /run/vm/init.sh

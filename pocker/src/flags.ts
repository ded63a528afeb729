// The flags of a container, declared once, for run, explain and step.
//
//   containerCommand('run')   → a commander command with docker's flags
import { Command } from 'commander'
import { HELP } from './verbs.ts'

export interface Options {
  readonly env: readonly string[]
  readonly workdir?: string
  readonly hostname?: string
  readonly entrypoint?: string
  readonly userns?: string
  readonly uidmap: readonly string[]
  readonly gidmap: readonly string[]
  readonly uts?: string
  readonly pid?: string
  readonly network?: string
  readonly user?: string
  readonly groupAdd: readonly string[]
  readonly capAdd: readonly string[]
  readonly capDrop: readonly string[]
  readonly privileged?: true
  readonly securityOpt: readonly string[]
  readonly ulimit: readonly string[]
  readonly device: readonly string[]
  readonly boottime?: string
  readonly cgroupns?: string
  readonly cgroupParent?: string
  readonly pidsLimit?: string
  readonly cpus?: string
  readonly cpuPeriod?: string
  readonly cpuQuota?: string
  readonly cpuShares?: string
  readonly cpusetCpus?: string
  readonly cpusetMems?: string
  readonly memory?: string
  readonly memoryReservation?: string
  readonly memorySwap?: string
  readonly memorySwappiness?: string
  readonly oomKillDisable?: true
  readonly oomScoreAdj?: string
  readonly blkioWeight?: string
  readonly deviceReadBps: readonly string[]
  readonly deviceWriteBps: readonly string[]
  readonly deviceReadIops: readonly string[]
  readonly deviceWriteIops: readonly string[]
  readonly monotonic?: string
  readonly init?: true
  readonly ipc?: string
  readonly shmSize?: string
  readonly volume: readonly string[]
  readonly mount: readonly string[]
  readonly tmpfs: readonly string[]
  readonly readOnly?: true
  readonly mine?: true
}

/** @returns a verb that takes IMAGE [COMMAND] [ARG...] and docker run's flags; parsing stops at IMAGE */
export function containerCommand(verb: string): Command {
  return new Command(verb).configureHelp(HELP)
    .argument('<image>', 'an image such as debian:12, or the path of an unpacked root file system')
    .argument('[command...]', 'the program and its arguments')
    .option('--rm', 'remove the container when it ends')
    .option('-e, --env <name=value>', 'set an environment variable; without a value, take it from here', collect, [])
    .option('-w, --workdir <dir>', 'the working directory, made if it is missing')
    .option('-h, --hostname <name>', 'the host name, otherwise a random one')
    .option('--entrypoint <program>', 'the program; the command becomes its arguments')
    .option('-v, --volume <host:container[:options]>', 'a directory or file of the host; made if it is missing', collect, [])
    .option('--mount <key=value,...>', 'type=bind or tmpfs, source, target, readonly, bind-propagation, tmpfs-size', collect, [])
    .option('--tmpfs <dir[:options]>', 'an empty directory in memory', collect, [])
    .option('--read-only', 'nothing of the root file system can be changed')
    .option('--pid <mode>', 'process numbers: host, or container:PID to share those of a process')
    .option('--ipc <mode>', 'shared memory and queues: none, private, shareable, host, or container:PID')
    .option('--shm-size <bytes>', 'the size of /dev/shm, such as 64m')
    .option('--uts <mode>', 'host and domain name: host')
    .option('--network <mode>', 'the network: none (the default), host, or container:PID')
    .option('--userns <mode>', 'users: host, or auto for ids from /etc/subuid; without root, auto')
    .option('--uidmap <container:host:size>', 'users: a range of ids, and what they are outside', collect, [])
    .option('--gidmap <container:host:size>', 'groups likewise; as --uidmap if it is not said', collect, [])
    .option('--boottime <offset>', 'shift the boot clock, by +30d for example')
    .option('--monotonic <offset>', 'shift the monotonic clock')
    .option('--cgroupns <mode>', 'cgroups: private (the default) or host')
    .option('--cgroup-parent <path>', 'the group that the container\'s own is made in')
    .option('--pids-limit <number>', 'processes and threads at once; -1 for any number')
    .option('--cpus <number>', 'processors, such as 1.5')
    .option('--cpu-period <microseconds>', 'the period of a quota')
    .option('--cpu-quota <microseconds>', 'processor time in each period')
    .option('-c, --cpu-shares <number>', 'a share of what there is, where that is not enough; 1024 is usual')
    .option('--cpuset-cpus <list>', 'which processors, such as 0-2,4')
    .option('--cpuset-mems <list>', 'which memory nodes')
    .option('-m, --memory <bytes>', 'memory, such as 512m')
    .option('--memory-reservation <bytes>', 'what is left to it when memory is short')
    .option('--memory-swap <bytes>', 'memory and swap together; -1 for any amount of swap')
    .option('--memory-swappiness <number>', 'how willingly its pages go to swap, 0 to 100')
    .option('--oom-kill-disable', 'let it wait for memory instead of killing it')
    .option('--oom-score-adj <number>', 'who is killed first when the machine has no memory left, -1000 to 1000')
    .option('--blkio-weight <number>', 'a share of the disks, 10 to 1000')
    .option('--device-read-bps <device:bytes>', 'bytes read each second', collect, [])
    .option('--device-write-bps <device:bytes>', 'bytes written each second', collect, [])
    .option('--device-read-iops <device:number>', 'reads each second', collect, [])
    .option('--device-write-iops <device:number>', 'writes each second', collect, [])
    .option('-u, --user <user[:group]>', 'who runs the program, by a name in the container, or a number')
    .option('--group-add <group>', 'a further group', collect, [])
    .option('--cap-add <name>', 'a capability more, or ALL', collect, [])
    .option('--cap-drop <name>', 'a capability less, or ALL', collect, [])
    .option('--privileged', 'all capabilities, all devices, nothing masked, no filter')
    .option('--security-opt <option>', 'seccomp=FILE or unconfined, no-new-privileges', collect, [])
    .option('--ulimit <name=soft:hard>', 'a limit of the process, such as nofile=1024:4096', collect, [])
    .option('--device <host[:container[:rwm]]>', 'a device of the host', collect, [])
    .option('--init', 'an init as process 1, which forwards signals and waits for orphans')
    .helpOption('--help', 'show this help')
    .passThroughOptions()
}

const collect = (value: string, before: readonly string[]): readonly string[] => [...before, value]

// Chapter 01: a root file system, and why chroot is no jail.
export * from './chroot.ts'
export * from './rootfs.ts'

// Chapter 07: network namespaces, and rtnetlink to furnish them. Read netns.ts, then netlink/: message.ts (bytes),
// attributes.ts (tables of kinds), link.ts and its siblings (what can be asked for), client.ts (the socket).
export * from './net.ts'
export * from './flags.ts'
export * from './netns.ts'
export * from './netlink/client.ts'
export * from './netlink/error.ts'
export * from './netlink/link.ts'
export * from './netlink/address.ts'
export * from './netlink/route.ts'
export * from './netlink/neighbour.ts'
export { MessageError } from './netlink/message.ts'

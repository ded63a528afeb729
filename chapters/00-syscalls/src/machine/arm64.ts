// The bytes of arm64.S, beside what they mean. A test assembles arm64.S and compares.
import { listing } from './listing.ts'

export const ARM64 = listing(`
clone_list:
  f3 53 bf a9               stp x19, x20, [sp, #-16]!
  f3 03 02 aa               mov x19, x2
  68 36 80 d2               mov x8, #0x1b3
  01 00 00 d4               svc #0x0
  80 07 00 b5               cbnz x0, return
  14 00 80 d2               mov x20, #0x0
  04 00 00 14               b step
run_list:
  f3 53 bf a9               stp x19, x20, [sp, #-16]!
  f3 03 00 aa               mov x19, x0
  34 00 80 d2               mov x20, #0x1
step:
  68 02 40 f9               ldr x8, [x19]
  28 06 f8 b7               tbnz x8, #63, end
  69 26 41 39               ldrb w9, [x19, #73]
  60 06 40 f9               ldr x0, [x19, #8]
  49 00 00 36               tbz w9, #0, step+0x18
  00 00 40 f9               ldr x0, [x0]
  61 0a 40 f9               ldr x1, [x19, #16]
  49 00 08 36               tbz w9, #1, step+0x24
  21 00 40 f9               ldr x1, [x1]
  62 0e 40 f9               ldr x2, [x19, #24]
  49 00 10 36               tbz w9, #2, step+0x30
  42 00 40 f9               ldr x2, [x2]
  63 12 40 f9               ldr x3, [x19, #32]
  49 00 18 36               tbz w9, #3, step+0x3c
  63 00 40 f9               ldr x3, [x3]
  64 16 40 f9               ldr x4, [x19, #40]
  49 00 20 36               tbz w9, #4, step+0x48
  84 00 40 f9               ldr x4, [x4]
  65 1a 40 f9               ldr x5, [x19, #48]
  49 00 28 36               tbz w9, #5, step+0x54
  a5 00 40 f9               ldr x5, [x5]
  01 00 00 d4               svc #0x0
  00 01 00 b5               cbnz x0, store
  69 22 40 f9               ldr x9, [x19, #64]
  c9 00 00 b4               cbz x9, store
  6a 02 40 f9               ldr x10, [x19]
  5f cd 06 f1               cmp x10, #0x1b3
  f4 03 94 9a               csel x20, xzr, x20, eq
  f3 03 09 aa               mov x19, x9
  e3 ff ff 17               b step
store:
  60 1e 00 f9               str x0, [x19, #56]
  1f fc 3f b1               cmn x0, #0xfff
  03 02 00 54               b.cc next
  69 22 41 39               ldrb w9, [x19, #72]
  c9 01 00 37               tbnz w9, #0, next
  ea 03 00 4b               neg w10, w0
  69 2a 41 39               ldrb w9, [x19, #74]
  3f 01 0a 6b               cmp w9, w10
  40 01 00 54               b.eq next
  69 2e 41 39               ldrb w9, [x19, #75]
  3f 01 0a 6b               cmp w9, w10
  e0 00 00 54               b.eq next
  69 32 41 39               ldrb w9, [x19, #76]
  3f 01 0a 6b               cmp w9, w10
  80 00 00 54               b.eq next
  34 01 00 b5               cbnz x20, return
  e0 0f 80 d2               mov x0, #0x7f
  05 00 00 14               b exit
next:
  73 42 01 91               add x19, x19, #0x50
  cf ff ff 17               b step
end:
  00 00 80 d2               mov x0, #0x0
  74 00 00 b5               cbnz x20, return
exit:
  c8 0b 80 d2               mov x8, #0x5e
  01 00 00 d4               svc #0x0
return:
  f3 53 c1 a8               ldp x19, x20, [sp], #16
  c0 03 5f d6               ret
thread_pointer:
  40 d0 3b d5               mrs x0, tpidr_el0
  c0 03 5f d6               ret
`)

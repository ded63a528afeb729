// The bytes that walk a list of system calls, for arm64. src/machine/arm64.ts holds them; a test assembles this and compares.
// What the three entries do, and the layout of a step, is written in x64.S. x19 is the step, x20 the caller.
.globl clone_list, run_list, thread_pointer
.macro argument n
        ldr x\n, [x19, #(8 + 8*\n)]
        tbz w9, #\n, 1f
        ldr x\n, [x\n]
1:
.endm

clone_list:
        stp x19, x20, [sp, #-16]!
        mov x19, x2
        mov x8, #435                    // clone3
        svc #0
        cbnz x0, return                 // the parent: a pid, or -errno
        mov x20, #0                     // the child: nobody to return to
        b step
run_list:
        stp x19, x20, [sp, #-16]!
        mov x19, x0
        mov x20, #1
step:
        ldr x8, [x19]
        tbnz x8, #63, end
        ldrb w9, [x19, #73]
        argument 0
        argument 1
        argument 2
        argument 3
        argument 4
        argument 5
        svc #0
        cbnz x0, store
        ldr x9, [x19, #64]
        cbz x9, store
        ldr x10, [x19]
        cmp x10, #435                   // a clone3: from here on it is the child, and what there is to return to is the parent's
        csel x20, xzr, x20, eq
        mov x19, x9                     // 0, and another list to go on with; the 0 is not stored, see x64.S
        b step
store:
        str x0, [x19, #56]
        cmn x0, #4095                   // -4095 … -1 are errors
        b.lo next
        ldrb w9, [x19, #72]
        tbnz w9, #0, next
        neg w10, w0                     // errno: one of those that may be?
        ldrb w9, [x19, #74]
        cmp w9, w10
        b.eq next
        ldrb w9, [x19, #75]
        cmp w9, w10
        b.eq next
        ldrb w9, [x19, #76]
        cmp w9, w10
        b.eq next
        cbnz x20, return                // -errno, to the caller
        mov x0, #127
        b exit
next:
        add x19, x19, #80
        b step
end:
        mov x0, #0
        cbnz x20, return
exit:
        mov x8, #94                     // exit_group
        svc #0
return:
        ldp x19, x20, [sp], #16
        ret
thread_pointer:
        mrs x0, tpidr_el0
        ret

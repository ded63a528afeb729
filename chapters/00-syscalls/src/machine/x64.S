# The bytes that walk a list of system calls, for x86-64. src/machine/x64.ts holds them; a test assembles this and compares.
#
#   long clone_list(struct clone_args *args, size_t size, struct step *list)   at byte 0
#       Makes a process with clone3(2). The parent gets its pid, or -errno. The child runs the list and never returns.
#   long run_list(struct step *list)                                          at the label run_list
#       Runs the list in the calling process. Returns 0 at its end, or -errno of the step that failed. The child of a clone3 in it
#       never returns either.
#   long thread_pointer(void)                                                 at the label thread_pointer
#       Where the C library keeps this thread's own data: an rseq area among them, see kernel/giveup.ts.
#
#   struct step { s64 nr; u64 args[6]; s64 result; struct step *on_zero; u8 may_fail; u8 refs; u8 errnos[3]; u8 pad[3]; }   80 bytes
#
# nr < 0 ends the list. Bit n of refs: args[n] is the address of the value, the result of an earlier step. A step may fail
# with any errno (may_fail), or with one of errnos.
# Neither a stack nor libc nor thread-local storage is used once the child exists: it may share the parent's memory, and it
# may unmap everything but the page it stands on. r12 is the step, r13 says whether there is a caller to return to.
.intel_syntax noprefix
.globl clone_list, run_list, thread_pointer
.macro argument register n
        mov \register, [r12 + 8 + 8*\n]
        test byte ptr [r12 + 73], 1 << \n
        jz 1f
        mov \register, [\register]
1:
.endm

clone_list:
        push r12
        push r13
        mov r12, rdx
        mov eax, 435                    # clone3
        syscall
        test rax, rax
        jnz return                      # the parent: a pid, or -errno
        xor r13d, r13d                  # the child: nobody to return to
        jmp step
run_list:
        push r12
        push r13
        mov r12, rdi
        mov r13d, 1
step:
        mov rax, [r12]
        test rax, rax
        js end
        argument rdi 0
        argument rsi 1
        argument rdx 2
        argument r10 3
        argument r8 4
        argument r9 5
        syscall
        test rax, rax
        jnz store
        mov rcx, [r12 + 64]
        test rcx, rcx
        jz store
        cmp dword ptr [r12], 435        # a clone3: from here on it is the child, and what there is to return to is the parent's
        cmove r13d, eax
        mov r12, rcx                    # 0, and another list to go on with. The 0 is not stored: the child of a clone3
        jmp step                        # would write it over the pid that its parent got
store:
        mov [r12 + 56], rax
        cmp rax, -4095                  # -4095 … -1 are errors
        jb next
        test byte ptr [r12 + 72], 1
        jnz next
        mov ecx, eax
        neg ecx                         # errno: one of those that may be?
        cmp cl, [r12 + 74]
        je next
        cmp cl, [r12 + 75]
        je next
        cmp cl, [r12 + 76]
        je next
        test r13d, r13d
        jnz return                      # -errno, to the caller
        mov edi, 127
        jmp exit
next:
        add r12, 80
        jmp step
end:
        xor eax, eax
        test r13d, r13d
        jnz return
        xor edi, edi
exit:
        mov eax, 231                    # exit_group
        syscall
return:
        pop r13
        pop r12
        ret
thread_pointer:
        mov rax, fs:0
        ret

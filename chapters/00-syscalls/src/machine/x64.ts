// The bytes of x64.S, beside what they mean. A test assembles x64.S and compares.
import { listing } from './listing.ts'

export const X64 = listing(`
clone_list:
  41 54                     push r12
  41 55                     push r13
  49 89 d4                  mov r12,rdx
  b8 b3 01 00 00            mov eax,0x1b3
  0f 05                     syscall
  48 85 c0                  test rax,rax
  0f 85 f7 00 00 00         jne return
  45 31 ed                  xor r13d,r13d
  eb 0d                     jmp step
run_list:
  41 54                     push r12
  41 55                     push r13
  49 89 fc                  mov r12,rdi
  41 bd 01 00 00 00         mov r13d,0x1
step:
  49 8b 04 24               mov rax,QWORD PTR [r12]
  48 85 c0                  test rax,rax
  0f 88 c8 00 00 00         js end
  49 8b 7c 24 08            mov rdi,QWORD PTR [r12+0x8]
  41 f6 44 24 49 01         test BYTE PTR [r12+0x49],0x1
  74 03                     je step+0x1d
  48 8b 3f                  mov rdi,QWORD PTR [rdi]
  49 8b 74 24 10            mov rsi,QWORD PTR [r12+0x10]
  41 f6 44 24 49 02         test BYTE PTR [r12+0x49],0x2
  74 03                     je step+0x2d
  48 8b 36                  mov rsi,QWORD PTR [rsi]
  49 8b 54 24 18            mov rdx,QWORD PTR [r12+0x18]
  41 f6 44 24 49 04         test BYTE PTR [r12+0x49],0x4
  74 03                     je step+0x3d
  48 8b 12                  mov rdx,QWORD PTR [rdx]
  4d 8b 54 24 20            mov r10,QWORD PTR [r12+0x20]
  41 f6 44 24 49 08         test BYTE PTR [r12+0x49],0x8
  74 03                     je step+0x4d
  4d 8b 12                  mov r10,QWORD PTR [r10]
  4d 8b 44 24 28            mov r8,QWORD PTR [r12+0x28]
  41 f6 44 24 49 10         test BYTE PTR [r12+0x49],0x10
  74 03                     je step+0x5d
  4d 8b 00                  mov r8,QWORD PTR [r8]
  4d 8b 4c 24 30            mov r9,QWORD PTR [r12+0x30]
  41 f6 44 24 49 20         test BYTE PTR [r12+0x49],0x20
  74 03                     je step+0x6d
  4d 8b 09                  mov r9,QWORD PTR [r9]
  0f 05                     syscall
  48 85 c0                  test rax,rax
  75 1e                     jne store
  49 8b 4c 24 40            mov rcx,QWORD PTR [r12+0x40]
  48 85 c9                  test rcx,rcx
  74 14                     je store
  41 81 3c 24 b3 01 00 00   cmp DWORD PTR [r12],0x1b3
  44 0f 44 e8               cmove r13d,eax
  49 89 cc                  mov r12,rcx
  e9 6e ff ff ff            jmp step
store:
  49 89 44 24 38            mov QWORD PTR [r12+0x38],rax
  48 3d 01 f0 ff ff         cmp rax,0xfffffffffffff001
  72 2d                     jb next
  41 f6 44 24 48 01         test BYTE PTR [r12+0x48],0x1
  75 25                     jne next
  89 c1                     mov ecx,eax
  f7 d9                     neg ecx
  41 3a 4c 24 4a            cmp cl,BYTE PTR [r12+0x4a]
  74 1a                     je next
  41 3a 4c 24 4b            cmp cl,BYTE PTR [r12+0x4b]
  74 13                     je next
  41 3a 4c 24 4c            cmp cl,BYTE PTR [r12+0x4c]
  74 0c                     je next
  45 85 ed                  test r13d,r13d
  75 20                     jne return
  bf 7f 00 00 00            mov edi,0x7f
  eb 12                     jmp exit
next:
  49 83 c4 50               add r12,0x50
  e9 2b ff ff ff            jmp step
end:
  31 c0                     xor eax,eax
  45 85 ed                  test r13d,r13d
  75 09                     jne return
  31 ff                     xor edi,edi
exit:
  b8 e7 00 00 00            mov eax,0xe7
  0f 05                     syscall
return:
  41 5d                     pop r13
  41 5c                     pop r12
  c3                        ret
thread_pointer:
  64 48 8b 04 25 00 00 00 00   mov rax,QWORD PTR fs:0x0
  c3                        ret
`)

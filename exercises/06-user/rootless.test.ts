// The visible checks of rootless.ts.
import { randomInt } from 'node:crypto'
import { check, same, type Exercise } from '@pocker/grader'

const ordinary = () => ({ uid: randomInt(1000, 2000), gid: randomInt(2000, 3000) })

const alone = check({
  id: 'alone',
  title: 'a user without ranges maps himself, and the kernel lets him',
  points: 2,
  hint: 'who is not root has to give something up before gid_map may be written: a third file, and the order counts',
  lesson: 'try-it',
}, async ({ compute, run, token }) => {
  const [name, user] = [token(), ordinary()]
  const others = `root:100000:65536\n${token()}:200000:65536\n`
  for (const subuid of [others, `${others}${name}:30000:1000\n`]) {
    const isolation = await compute({ name, ...user }, subuid, others)
    const { users: { uidMap, gidMap } } = await run(isolation, { user: { ...user, alone: true } })
    same(uidMap, `0 ${user.uid} 1`, `uid_map: expected 0 ${user.uid} 1, got ${uidMap || 'no line'}`)
    same(gidMap, `0 ${user.gid} 1`, `gid_map: expected 0 ${user.gid} 1, got ${gidMap || 'no line'}`)
  }
})

const range = check({
  id: 'range',
  title: 'a user with a range has it above root',
  points: 1,
  hint: 'two lines: root is the user himself, and what the file gives him begins at 1',
}, async ({ compute, run, token }) => {
  const [name, user] = [token(), ordinary()]
  const [uids, gids] = [`${randomInt(10_000, 20_000)}`, `${randomInt(20_000, 30_000)}`]
  const count = randomInt(10, 1000)
  const isolation = await compute({ name, ...user }, `${name}:${uids}:${count}\n`, `${name}:${gids}:${count}\n`)
  const { users: { uidMap, gidMap } } = await run(isolation, { user })
  const [uid, gid] = [`0 ${user.uid} 1, 1 ${uids} ${count}`, `0 ${user.gid} 1, 1 ${gids} ${count}`]
  const [gotUid, gotGid] = [uidMap, gidMap].map((map) => map.replaceAll('\n', ', '))
  same(gotUid ?? '', uid, `uid_map: expected ${uid}, got ${gotUid || 'no line'}`)
  same(gotGid ?? '', gid, `gid_map: expected ${gid}, got ${gotGid || 'no line'}`)
})

export const exercise: Exercise = {
  id: '06-user/rootless', title: 'A container without root', points: 8, maps: true, checks: [alone, range],
}

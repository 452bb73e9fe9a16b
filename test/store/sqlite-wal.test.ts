import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { StoreError } from '../../src/base/errors.ts'
import { sqliteStore } from '../../src/sqlite.ts'
import { temporaryFolder } from './files.ts'
import { type LiveStore, leftAt, liveStore } from './live-store.ts'
import { idsOf, pendingTask } from './tasks.ts'

/** https://sqlite.org/fileformat2.html#walformat */
const HEADER = 32
const FRAME = 24 + 4_096
const IDS = [1, 2, 3, 4, 5, 6]
const ONE_EACH = IDS.map(id => [pendingTask(id)])

async function idsAt(path: string, synchronous: 'full' | 'normal' = 'full'): Promise<number[]> {
  const store = sqliteStore(path, { synchronous })
  try {
    const { unfinished } = await store.open(0)
    return idsOf(unfinished)
  } finally {
    await store.close()
  }
}

/** Where frames begin that end a transaction, among those of the log as it is now. */
function commitsIn({ log }: LiveStore): number[] {
  const salts = log.subarray(16, 24)
  const frames = Array.from({ length: (log.length - HEADER) / FRAME }, (_, index) => HEADER + index * FRAME)
  const own = frames.filter(at => log.subarray(at + 8, at + 16).equals(salts))
  return own.filter(at => log.readUInt32BE(at + 4) !== 0)
}

const pathIn = (folder = temporaryFolder()) => join(folder, 'tasks.db')

describe('a log that was left behind', () => {
  it('is read to its end', async () => {
    const path = pathIn()
    leftAt(path, await liveStore(ONE_EACH))
    expect(await idsAt(path)).toEqual(IDS)
  })

  it.each([
    ['a page', 24 + 1_000],
    ['the number of a page', 3],
    ['the size after it', 7],
    ['a salt', 12],
    ['its checksum', 17],
  ])('is refused, and kept, when %s is damaged in its midst', async (_, at) => {
    const live = await liveStore(ONE_EACH)
    const [, , third = 0] = commitsIn(live).slice(-IDS.length)
    const path = pathIn()
    leftAt(path, live, [third + at, 0x10])
    const before = readFileSync(`${path}-wal`)
    for (let opening = 0; opening < 2; opening += 1) {
      await expect(idsAt(path)).rejects.toThrow(StoreError)
      await expect(idsAt(path)).rejects.toThrow(
        /tasks\.db-wal is damaged at its frame \d+, so that 3 batches .* put a backup/,
      )
    }
    expect(readFileSync(`${path}-wal`).equals(before)).toBe(true)
    // As the message says.
    expect(await idsAt(path, 'normal')).toEqual([1, 2])
  })

  it.each(Array.from({ length: HEADER / 4 }, (_, word) => word * 4 + 3))(
    'is refused when byte %i of its header is damaged',
    async at => {
      const path = pathIn()
      leftAt(path, await liveStore(ONE_EACH), [at, 0x01])
      await expect(idsAt(path)).rejects.toThrow(/is damaged at its frame 0, so that \d+ batches/)
    },
  )

  it('loses what was being written when the power failed, and nothing else', async () => {
    const live = await liveStore(ONE_EACH)
    const commits = commitsIn(live)
    const path = pathIn()
    const lastButOne = commits.at(-2) as number
    // The frame after that is the first of the last transaction, which ends later.
    expect(commits.at(-1)).toBeGreaterThan(lastButOne + FRAME)
    leftAt(path, live, [lastButOne + FRAME + 100, 0xff])
    expect(await idsAt(path)).toEqual(IDS.slice(0, -1))
    leftAt(path, { ...live, log: live.log.subarray(0, (commits.at(-1) as number) + 50) })
    expect(await idsAt(path)).toEqual(IDS.slice(0, -1))
  })

  it('is not taken for damaged for what it had before it was begun anew', async () => {
    // More than SQLite keeps in it.
    const many = Array.from({ length: 400 }, (_, index) =>
      pendingTask(100 + index, { record: JSON.stringify('x'.repeat(12_000)) }),
    )
    const live = await liveStore([many, ...ONE_EACH])
    expect(commitsIn(live).length).toBe(IDS.length)
    expect(live.log.length).toBeGreaterThan(HEADER + 1_000 * FRAME)
    const path = pathIn()
    leftAt(path, live)
    expect(await idsAt(path)).toEqual([...IDS, ...many.map(({ id }) => id)])
    leftAt(path, live, [(commitsIn(live)[1] as number) + 100, 0xff])
    await expect(idsAt(path)).rejects.toThrow(/so that 4 batches/)
  })

  it('is not taken for damaged when the power failed while it was begun anew', async () => {
    const live = await liveStore(ONE_EACH)
    const path = pathIn()
    leftAt(path, live, [19, 0x01], [20, 0x5a], [21, 0xa5], [30, 0x77])
    await expect(idsAt(path)).resolves.toBeDefined()
  })
})

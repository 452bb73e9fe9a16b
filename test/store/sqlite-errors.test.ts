import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { StoreError } from '../../src/base/errors.ts'
import { sqliteStore } from '../../src/sqlite.ts'
import { filesIn, temporaryFolder, withDatabase } from './files.ts'
import type { StoreOutcome } from './outcome.ts'
import { canMount, commandOf, outputOf, withMount } from './processes.ts'
import { pendingTask } from './tasks.ts'

/** What the open of a file that can't be one's own rejects with. */
async function refusal(path: string): Promise<StoreError> {
  const store = sqliteStore(path)
  const error = await store.open(0).catch(error => error)
  await store.close()
  expect(error).toBeInstanceOf(StoreError)
  return error
}

async function makeStore(path: string, ...ids: number[]): Promise<void> {
  const store = sqliteStore(path)
  await store.open(0)
  await store.write(ids.map(id => pendingTask(id)))
  await store.close()
}

describe('the open of a file', () => {
  it('says that its folder does not exist', async () => {
    const folder = join(temporaryFolder(), 'data')
    const { message, cause } = await refusal(join(folder, 'tasks.db'))
    expect(message).toBe(
      `${folder}/tasks.db can't be opened: there is no folder ${folder}, which has to be there first`,
    )
    expect(cause).toMatchObject({ code: 'ERR_SQLITE_ERROR', errcode: 14 })
  })

  it('says that its folder is a file', async () => {
    const file = join(temporaryFolder(), 'data')
    writeFileSync(file, '')
    expect((await refusal(join(file, 'tasks.db'))).message).toMatch(`there is no folder ${file}, which`)
  })

  it('says that it is a folder', async () => {
    const folder = temporaryFolder()
    expect((await refusal(folder)).message).toBe(`${folder} is a folder: name a file in it`)
  })

  it('says that it is no database, and leaves it as it is', async () => {
    const path = join(temporaryFolder(), 'notes.txt')
    const text = 'Buy milk. '.repeat(1_000)
    writeFileSync(path, text)
    const { message, cause } = await refusal(path)
    expect(message).toBe(`${path} is not a database: name a file of its own for the store`)
    expect(cause).toMatchObject({ errcode: 26 })
    expect(readFileSync(path, 'utf8')).toBe(text)
  })

  it.each([
    ['has tables', 'CREATE TABLE notes (text)'],
    ['says so', 'PRAGMA application_id = 1196444487'],
    ['has tables, but ours too', 'CREATE TABLE tasks (id)'],
    ['counts its versions', 'PRAGMA user_version = 1'],
  ])('says that it is of another program, which %s, and leaves it as it is', async (_, statement) => {
    const folder = temporaryFolder()
    const path = join(folder, 'notes.db')
    withDatabase(path, database => database.exec(statement))
    const before = readFileSync(path)
    const { message } = await refusal(path)
    expect(message).toBe(`${path} is a database of another program: name a file of its own for the store`)
    expect(readFileSync(path).equals(before)).toBe(true)
    expect(filesIn(folder)).toEqual(['notes.db'])
  })

  it('says that it was written by a later version, and leaves it as it is', async () => {
    const path = join(temporaryFolder(), 'tasks.db')
    await makeStore(path, 1)
    withDatabase(path, database => database.exec('PRAGMA user_version = 5'))
    const before = readFileSync(path)
    const { message } = await refusal(path)
    expect(message).toMatch(`${path} was written by a later version of taskscope: update it`)
    expect(message).toMatch('its schema has version 5, this one knows those up to 4')
    expect(readFileSync(path).equals(before)).toBe(true)
  })

  it('says that it is damaged', async () => {
    const path = join(temporaryFolder(), 'tasks.db')
    await makeStore(path, 1, 2)
    const bytes = readFileSync(path)
    writeFileSync(path, bytes.fill(0xff, 4_096))
    const { message, cause } = await refusal(path)
    expect(message).toMatch(`${path} is damaged: put a backup in its place, or move it away`)
    expect(Number((cause as { errcode?: number }).errcode) & 0xff).toBe(11)
  })

  it('takes an empty file', async () => {
    const path = join(temporaryFolder(), 'tasks.db')
    writeFileSync(path, '')
    const store = sqliteStore(path)
    expect((await store.open(0)).lastId).toBe(0)
    await store.close()
  })

  it('can be asked for again after a refusal', async () => {
    const folder = join(temporaryFolder(), 'data')
    const store = sqliteStore(join(folder, 'tasks.db'))
    await expect(store.open(0)).rejects.toThrow(StoreError)
    await expect(store.write([pendingTask(1)])).rejects.toThrow(/not open/)
    mkdirSync(folder)
    expect((await store.open(0)).lastId).toBe(0)
    await store.close()
  })
})

/** Those that start processes. */
interface Attempt {
  readonly opened: StoreOutcome
  readonly written: StoreOutcome
}

const NOT_OPEN = { code: 'ERR_STORE', message: expect.stringContaining('not open') }
const CANT_WRITE = `can't be written: check the permissions of the file and its folder, and that its disk is not read-only`

describe('a user who lacks permissions', () => {
  /** Others may go into it, but not change it. */
  function protectedFolder(): string {
    const folder = temporaryFolder()
    chmodSync(folder, 0o755)
    return folder
  }

  it('is told that the file may not be written', async () => {
    const path = join(protectedFolder(), 'tasks.db')
    await makeStore(path, 1)
    chmodSync(path, 0o444)
    const opened = { code: 'ERR_STORE', message: `${path} ${CANT_WRITE}` }
    expect(await outputOf(commandOf('store-open', path, 'nobody'))).toEqual({ opened, written: NOT_OPEN })
  })

  it('is told that the folder may not be written', async () => {
    const folder = protectedFolder()
    const path = join(folder, 'tasks.db')
    await makeStore(path, 1)
    chmodSync(path, 0o666)
    chmodSync(folder, 0o555)
    const opened = { code: 'ERR_STORE', message: `${path} ${CANT_WRITE}` }
    expect(await outputOf(commandOf('store-open', path, 'nobody'))).toEqual({ opened, written: NOT_OPEN })
    chmodSync(folder, 0o755)
  })

  it('is told that the file may not be made', async () => {
    const folder = protectedFolder()
    const path = join(folder, 'tasks.db')
    chmodSync(folder, 0o555)
    const { opened } = await outputOf<Attempt>(commandOf('store-open', path, 'nobody'))
    chmodSync(folder, 0o755)
    const message = `${path} can't be opened: check the permissions of the file and its folder`
    expect(opened).toEqual({ code: 'ERR_STORE', message })
  })
})

describe.skipIf(!canMount())('a disk that is mounted read-only', () => {
  it('is named', async () => {
    const folder = temporaryFolder()
    const path = join(folder, 'tasks.db')
    await makeStore(path, 1)
    const mount = `mount --bind ${folder} ${folder} && mount -o remount,bind,ro ${folder}`
    const opened = { code: 'ERR_STORE', message: `${path} ${CANT_WRITE}` }
    expect(await outputOf(withMount(mount, commandOf('store-open', path)))).toEqual({ opened, written: NOT_OPEN })
  })
})

describe('a disk that is full', () => {
  const AROUND_IT = { opened: 'done', before: 'done', after: 'done', left: [1, 4] }

  it.skipIf(!canMount())('fails that batch, as a whole, and no other', async () => {
    const folder = temporaryFolder()
    const path = join(folder, 'tasks.db')
    const mounted = withMount(`mount -t tmpfs -o size=1m tmpfs ${folder}`, commandOf('store-full-disk', path))
    const message = `the disk of ${path} is full, and nothing of this batch was written: make room there`
    expect(await outputOf(mounted)).toEqual({ ...AROUND_IT, refused: { code: 'ERR_STORE', message } })
  })

  it('may be the end of what the user may have', async () => {
    const path = join(temporaryFolder(), 'tasks.db')
    const limited = ['sh', '-c', 'ulimit -f 1024 && exec "$@"', 'sh', ...commandOf('store-full-disk', path)]
    const message = `the disk refused to write ${path} (disk I/O error): check its health, its space and your quota`
    expect(await outputOf(limited)).toEqual({ ...AROUND_IT, refused: { code: 'ERR_STORE', message } })
  })
})

describe('a Node without SQLite', () => {
  const flag = '--no-experimental-sqlite'

  it.skipIf(!process.allowedNodeEnvironmentFlags.has('--experimental-sqlite'))('is told which one has it', async () => {
    const path = join(temporaryFolder(), 'tasks.db')
    const [node = '', ...args] = commandOf('store-open', path)
    const opened = { code: 'ERR_STORE', message: 'sqliteStore needs node:sqlite, which Node has since 22.13' }
    expect(await outputOf([node, flag, ...args])).toEqual({ opened, written: NOT_OPEN })
  })
})

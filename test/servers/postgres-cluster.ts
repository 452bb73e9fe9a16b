import { once } from 'node:events'
import { rmSync } from 'node:fs'
import { join } from 'node:path'
import type { ServerFolder } from './server-folder.ts'

interface Cluster {
  readonly initdb: string
  /** The folder to create. */
  readonly data: string
  /** Of the user postgres. Without it nobody is asked for one. */
  readonly password: string | undefined
}

/** Makes the files of a new PostgreSQL, with the superuser `postgres`. */
export async function createCluster(folder: ServerFolder, { initdb, data, password }: Cluster): Promise<void> {
  if (password !== undefined) folder.write('password', password)
  const access = password === undefined ? ['-A', 'trust'] : ['-A', 'scram-sha-256', '--pwfile', 'password']
  const child = folder.run(initdb, ['-D', data, '-U', 'postgres', ...access, '--no-sync', '--no-locale', '-E', 'UTF8'])
  let said = ''
  child.stdout?.resume()
  child.stderr?.on('data', chunk => {
    said += chunk
  })
  const [code] = await once(child, 'close')
  rmSync(join(folder.path, 'password'), { force: true })
  if (code !== 0) throw new Error(`${initdb} failed: ${said.trim()}`)
}

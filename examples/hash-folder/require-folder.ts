import { stat } from 'node:fs/promises'
import { UsageError } from './arguments.ts'
import { reason, shown } from './text.ts'

/** Rejects with {@link UsageError} unless it is a folder. */
export async function requireFolder(folder: Buffer): Promise<void> {
  const stats = await stat(folder).catch(error => {
    throw new UsageError(`folder "${shown(folder)}": ${reason(error)}`)
  })
  if (!stats.isDirectory()) throw new UsageError(`folder "${shown(folder)}": not a folder`)
}

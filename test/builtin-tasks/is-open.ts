import { readdir, readlink } from 'node:fs/promises'

/** Whether this process has the file open, in whichever thread: Linux knows. */
export async function isOpen(file: string): Promise<boolean> {
  const descriptors = await readdir('/proc/self/fd')
  const open = await Promise.all(descriptors.map(name => readlink(`/proc/self/fd/${name}`).catch(() => undefined)))
  return open.includes(file)
}

import { getBuiltinModule } from '../node.ts'

const MOVE =
  'copy thread-entry.mjs and process-entry.mjs from node_modules/taskscope/dist/modules/worker/child into its folder'

/**
 * Where the file is that a thread or a process runs. It lies beside this one, or beside the bundle that this one is in: the
 * URLs are written out for the bundlers that take such files along. A bundle without it finds that of the installed package.
 */
export function entryUrl(name: 'thread-entry' | 'process-entry'): URL {
  const here: string | undefined = import.meta.url
  // Node runs the sources unbuilt, too.
  if (here?.endsWith('.ts')) return new URL(here.replace(/[^/]*$/, `${name}.ts`))
  const beside = here === undefined ? undefined : besides(name)
  if (beside !== undefined && isThere(beside)) return beside
  const { createRequire } = getBuiltinModule('node:module')
  const { pathToFileURL } = getBuiltinModule('node:url')
  try {
    return pathToFileURL(createRequire(here ?? __filename).resolve(`taskscope/worker/${name}`))
  } catch (cause) {
    throw new Error(
      `there is no ${name}.mjs beside the bundle ${here ?? __filename}, which threads and processes run: ${MOVE}`,
      {
        cause,
      },
    )
  }
}

/** In the servers of Next, webpack has in its place the path at which browsers would find it, without a protocol. */
function isThere({ protocol, href }: URL): boolean {
  return protocol === 'file:' ? getBuiltinModule('node:fs').existsSync(new URL(href)) : protocol !== ''
}

function besides(name: 'thread-entry' | 'process-entry'): URL {
  return name === 'thread-entry'
    ? new URL('./thread-entry.mjs', import.meta.url)
    : new URL('./process-entry.mjs', import.meta.url)
}

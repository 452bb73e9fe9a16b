/** In place of `src/worker/node.ts`: there are no workers here that would need any of it. */
export const process = { env: {}, platform: 'browser' }

export function pathToFileURL(path: string): URL {
  return new URL(`file://${path.replaceAll('\\', '/')}`)
}

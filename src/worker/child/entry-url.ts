/**
 * Where a file is that runs inside a worker. It lies beside this one, or beside the bundle that this one is in, under the
 * same ending: Node runs the sources unbuilt too.
 */
export function entryUrl(name: 'thread-entry' | 'process-entry' | 'lifeline'): URL {
  const ending = import.meta.url.endsWith('.ts') ? 'ts' : 'js'
  return new URL(`./${name}.${ending}`, import.meta.url)
}

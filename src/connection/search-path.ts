type Options = Readonly<Record<string, unknown>>

/**
 * The options of a pool whose clients have this search path, beside all that their own `options` say. The driver takes those
 * of the URL before those of the pool, and those of the environment only where neither has any.
 */
export function withSearchPath(given: Options, schema: string): Options {
  const { connectionString } = given
  const [, url, query] = /^([^?]*)\?(.*)$/s.exec(typeof connectionString === 'string' ? connectionString : '') ?? []
  const parameters = new URLSearchParams(query)
  const ofUrl = parameters.getAll('options').at(-1)
  const own = (ofUrl ?? given.options) || process.env.PGOPTIONS || ''
  const options = `${own} -c search_path=${schema}`.trim()
  if (ofUrl === undefined) return { ...given, options }
  parameters.set('options', options)
  return { ...given, options, connectionString: `${url}?${parameters}` }
}

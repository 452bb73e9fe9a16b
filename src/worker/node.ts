/**
 * What workers take from Node when they start. They ask for it, since an `import` reads every member of the module, and
 * the getters among them load what no worker needs: those of `node:process` and `node:fs` some thirty modules, and they
 * open stdin. Functions may replace what others find on `globalThis`: this is taken before they run.
 */
export const { process } = globalThis

export const getBuiltinModule: typeof globalThis.process.getBuiltinModule = process.getBuiltinModule

export const { pathToFileURL } = getBuiltinModule('node:url')

export const { types } = getBuiltinModule('node:util')

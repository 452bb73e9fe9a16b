const [module, name, args] = process.argv.slice(2)
if (!module || !name || !args) throw new TypeError('usage: process-child.ts <module> <export> <arguments as JSON>')

const exports: Record<string, (...args: unknown[]) => unknown> = await import(module)
const called = exports[name]
if (!called) throw new TypeError(`${module} has no export ${name}`)
process.send?.(await called(...JSON.parse(args)))
process.disconnect?.()

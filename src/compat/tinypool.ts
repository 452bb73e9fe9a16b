export { workerId } from './tinypool/inside.ts'
export { isMovable, isTransferable, kQueueOptions, kTransferable, kValue, markMovable } from './tinypool/movable.ts'
export { Tinypool, Tinypool as default } from './tinypool/tinypool.ts'
export type {
  AbortSignalAny,
  Emitting,
  FilledOptions,
  Options,
  RunOptions,
  Runtime,
  TinypoolChannel,
  TinypoolWorker,
  Transferable,
} from './tinypool/types.ts'

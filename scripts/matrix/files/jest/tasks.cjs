const { insideWorker, task } = require('taskscope/worker')

exports.add = task(
  function add(first, second) {
    return insideWorker() ? first + second : Number.NaN
  },
  { mode: 'thread', maxWorkers: 1, module: __filename },
)

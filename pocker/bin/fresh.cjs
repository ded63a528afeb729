// Whether a bundle is there and no source is newer than it. Plain, for it runs before everything else, each time.
'use strict'
const { readFileSync, statSync } = require('node:fs')
const { join } = require('node:path')

const dist = join(__dirname, '../dist')
const root = join(__dirname, '../../')

exports.bundle = (file) => join(dist, file)
exports.inputs = (file) => join(dist, `${file}.inputs.json`)
exports.isFresh = (file) => {
  try {
    const made = statSync(exports.bundle(file)).mtimeMs
    return JSON.parse(readFileSync(exports.inputs(file), 'utf8')).every((input) => statSync(root + input).mtimeMs <= made) // join() would take 3 ms
  } catch {
    return false
  }
}

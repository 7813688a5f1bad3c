// What other folders import of output/, which knows nothing of BPF.
export { ElementText } from './element-text.ts';
export { pause } from './pause.ts';
export { JsonWriter, quoteJson } from './json-writer.ts';
export { descriptorSink, memorySink, Sink, WriteError, writeFully } from './sink.ts';

import { fail, type Handler } from '../../cli/index.ts';

/** `map event_pipe MAP [cpu N index M]` */
export const eventPipe: Handler = () => fail("'map event_pipe' is not supported by tsbpftool yet");

mod derivatives;
mod headers;
mod hostile;
mod process;
mod samples;

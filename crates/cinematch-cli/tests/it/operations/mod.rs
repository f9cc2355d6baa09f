//! Running a server: access, faults, kills, jobs, replicas, databases, caches, deployment and observability.

mod access;
mod cache;
mod databases;
mod deploy;
mod doctor;
mod durability;
mod faults;
mod jobs;
mod kill;
mod models;
mod probes;
mod process;
mod replicas;
mod retrain;
mod serving;
mod traces;
mod update;

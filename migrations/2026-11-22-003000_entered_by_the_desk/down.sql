DROP INDEX report_entered;

"""The same features and rules on Apache Spark, through Spark Connect, for what outgrows one machine."""
